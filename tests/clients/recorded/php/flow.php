<?php
// One flow with PHP's curl. Recorded by ../../record.mjs, with Debian's php-cli and php-curl: php flow.php ORIGIN
$origin = $argv[1];

function call(string $url, string $body, array $options): array
{
    $curl = curl_init($url);
    curl_setopt_array($curl, [CURLOPT_POSTFIELDS => $body, CURLOPT_RETURNTRANSFER => true, CURLOPT_FAILONERROR => true] + $options);
    $reply = curl_exec($curl);
    if ($reply === false) {
        exit(curl_error($curl));
    }
    return json_decode($reply, true, flags: JSON_THROW_ON_ERROR);
}

$grant = http_build_query(["grant_type" => "client_credentials"]);
$token = call("$origin/token", $grant, [CURLOPT_USERPWD => "sandbox:sandbox-secret"])["access_token"];
$json = [CURLOPT_HTTPHEADER => ["Content-Type: application/json", "Authorization: Bearer $token"]];
// This number passes without the browser.
$start = json_encode(["flowType" => "mobile", "phoneNumber" => "2001001695"]);
$id = call("$origin/v3/start", $start, $json)["correlationId"];
if (!call("$origin/v3/validate", json_encode(["correlationId" => $id]), $json)["success"]) {
    exit("not validated");
}
