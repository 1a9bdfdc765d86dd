import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The emulator in Java tests: copy this file beside your tests. It requires Java 11 and the program {@code auth-emulator}, and no
 * JSON library; {@code control} returns the JSON as a string for the one that you have.
 *
 * <p>Run its example without a build tool: {@code javac *.java && java Login}.
 */
public final class AuthEmulator implements AutoCloseable {
    private final Process process;
    private final String ready;
    private final HttpClient client = HttpClient.newHttpClient();

    private AuthEmulator(Process process, String ready) {
        this.process = process;
        this.ready = ready;
    }

    /** Starts the program, for example with {@code "--seed", "7"}. */
    public static AuthEmulator start(String... arguments) throws IOException {
        String program = System.getenv().getOrDefault("AUTH_EMULATOR", "auth-emulator");
        // A child stops when its standard input ends, so also if these tests are killed.
        List<String> command = new ArrayList<>(List.of(program, "serve", "--child", "--log", "warn"));
        command.addAll(List.of(arguments));
        Process process;
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        } catch (IOException error) {
            String advice = "; set AUTH_EMULATOR, or run: cargo install --path crates/auth-emulator";
            throw new IOException(program + " can't be started" + advice, error);
        }
        BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = lines.readLine();
        if (line == null) {
            throw new IOException("auth-emulator ended; its message is above");
        }
        return new AuthEmulator(process, line);
    }

    /** The emulator that {@code auth-emulator serve --ready-file} has started. */
    public static AuthEmulator attach(Path readyFile) throws IOException {
        return new AuthEmulator(null, Files.readString(readyFile));
    }

    @Override
    public void close() {
        if (process != null) {
            process.destroy();
        }
    }

    /** A separate emulator in the same process, for tests in parallel. Its base URLs are others. */
    public AuthEmulator namespace(String name) throws IOException, InterruptedException {
        return new AuthEmulator(null, control("POST", "/namespaces", "{\"name\":\"" + name + "\"}"));
    }

    /** The value of an environment variable that configures a client, such as {@code VERIGATOR_BASE_URL}. */
    public String env(String variable) {
        return string(ready, variable);
    }

    /** Calls the control API; {@code GET /catalog} lists what there is. {@code body} is JSON or null. */
    public String control(String method, String path, String body) throws IOException, InterruptedException {
        String control = ready.substring(ready.indexOf("\"control\""));
        HttpRequest request = HttpRequest.newBuilder(URI.create(string(control, "url") + path))
                .header("Authorization", "Bearer " + string(control, "token"))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        if (response.statusCode() >= 400) {
            throw new IOException(string(response.body(), "message"));
        }
        return response.body();
    }

    /** The first code that a person would see now. */
    public String code(String subject) throws IOException, InterruptedException {
        return string(control("GET", "/pending-codes?subject=" + subject, null), "code");
    }

    /** Moves the clock forward instead of waiting. */
    public void advance(long seconds) throws IOException, InterruptedException {
        control("POST", "/clock", "{\"advance_seconds\":" + seconds + "}");
    }

    public void reset() throws IOException, InterruptedException {
        control("POST", "/reset/all", null);
    }

    /** The first string with this name in a JSON text; enough for flat values without escapes. */
    static String string(String json, String name) {
        Matcher found = Pattern.compile("\"" + Pattern.quote(name) + "\":\"([^\"]*)\"").matcher(json);
        if (!found.find()) {
            throw new IllegalArgumentException("no " + name + " in " + json);
        }
        return found.group(1);
    }
}
