@rem The same as rustdoc.sh.
@set RUSTC_BOOTSTRAP=1
@rustdoc %*
