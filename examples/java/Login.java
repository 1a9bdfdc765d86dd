import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

/** A login with a code by text message at Messente Verigator, tested without an account and without waiting. */
public final class Login {
    private static AuthEmulator emulator;

    public static void main(String[] arguments) throws Exception {
        try (AuthEmulator started = AuthEmulator.start()) {
            emulator = started;
            check(call("PUT", started(), code()).contains("\"verified\":true"), "the code logs anna in");

            emulator.reset();
            String path = started();
            String code = code();
            emulator.advance(301);
            check(call("PUT", path, code).contains("\"verified\":false"), "codes expire");
        }
    }

    private static String code() throws Exception {
        return "{\"token\":\"" + emulator.code("anna") + "\"}";
    }

    /** A login of anna that waits for her code: its path. */
    private static String started() throws Exception {
        String service = call("POST", "/service", "{\"fqdn\":\"coffeeshop.com\",\"name\":\"CoffeeShop\"}");
        String users = "/service/" + AuthEmulator.string(service, "id") + "/users";
        String user = call("POST", users, "{\"id_in_service\":\"anna\",\"phone_number\":\"+37251000001\"}");
        String path = users + "/" + AuthEmulator.string(user, "id") + "/auth";
        call("POST", path, "{\"method\":\"sms\"}");
        return path;
    }

    /** The code under test; yours is a client of whatever kind. */
    private static String call(String method, String path, String body) throws Exception {
        String credential = emulator.env("VERIGATOR_USERNAME") + ":" + emulator.env("VERIGATOR_PASSWORD");
        HttpRequest request = HttpRequest.newBuilder(URI.create(emulator.env("VERIGATOR_BASE_URL") + "/v1/service" + path))
                .header("X-Service-Auth", credential)
                .header("Accept", "application/json")
                .header("Content-Type", "application/json")
                .method(method, BodyPublishers.ofString(body))
                .build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
    }

    private static void check(boolean passed, String what) {
        if (!passed) {
            throw new AssertionError("failed: " + what);
        }
        System.out.println("passed: " + what);
    }
}
