import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One flow with java.net.http and its defaults, so with an upgrade to HTTP/2: java Flow.java ORIGIN */
public class Flow {
    private static final String ID = "sandbox";
    private static final String SECRET = "sandbox-secret";
    /** A number that passes without the browser. */
    private static final String MILO = "2001001695";

    private final HttpClient client;
    private final String origin;

    Flow(HttpClient client, String origin) {
        this.client = client;
        this.origin = origin;
    }

    public static void main(String[] arguments) throws Exception {
        String origin = arguments[0];
        String grant = "grant_type=client_credentials";
        String form = grant + "&client_id=" + encoded(ID) + "&client_secret=" + encoded(SECRET);
        String both = encoded(ID) + ":" + encoded(SECRET);
        String basic = "Basic " + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8));

        Flow flow = new Flow(HttpClient.newHttpClient(), origin);
        flow.run(null, form);
        System.out.println("credential in the form");
        flow.run(basic, grant);
        System.out.println("credential in HTTP Basic");
        HttpClient plain = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        new Flow(plain, origin).run(basic, grant);
        System.out.println("HTTP/1.1 alone");
        flow.refused();
        System.out.println("a refusal");
    }

    void run(String authorization, String form) throws Exception {
        String bearer = "Bearer " + member("access_token", success(token(authorization, form)));
        String start = "{\"flowType\":\"mobile\",\"phoneNumber\":\"" + MILO + "\"}";
        String started = success(post("/v3/start", "application/json", bearer, start));
        String validate = "{\"correlationId\":\"" + member("correlationId", started) + "\"}";
        String validated = success(post("/v3/validate", "application/json", bearer, validate));
        if (!validated.contains("\"success\":true")) {
            throw new AssertionError(validated);
        }
    }

    void refused() throws Exception {
        String wrong = "Basic " + Base64.getEncoder().encodeToString((ID + ":wrong").getBytes(StandardCharsets.UTF_8));
        HttpResponse<String> reply = token(wrong, "grant_type=client_credentials");
        boolean isAsked = reply.headers().firstValue("WWW-Authenticate").orElse("").startsWith("Basic ");
        if (reply.statusCode() != 401 || !isAsked || !member("error", reply.body()).equals("invalid_client")) {
            throw new AssertionError(reply.statusCode() + " " + reply.body());
        }
    }

    HttpResponse<String> token(String authorization, String form) throws Exception {
        return post("/token", "application/x-www-form-urlencoded", authorization, form);
    }

    HttpResponse<String> post(String path, String type, String authorization, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(origin + path)).header("Content-Type", type);
        if (authorization != null) {
            request.header("Authorization", authorization);
        }
        return client.send(request.POST(BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
    }

    static String success(HttpResponse<String> reply) {
        if (reply.statusCode() != 200) {
            throw new AssertionError(reply.statusCode() + " " + reply.body());
        }
        return reply.body();
    }

    /** A string member of a flat JSON reply. */
    static String member(String name, String json) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]+)\"").matcher(json);
        if (!found.find()) {
            throw new AssertionError(name + " is missing: " + json);
        }
        return found.group(1);
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
