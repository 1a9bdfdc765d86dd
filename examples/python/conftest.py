from auth_emulator import auth_emulator, emulator  # noqa: F401: fixtures
