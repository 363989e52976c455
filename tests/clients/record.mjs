// Records what the client of another language sends, for clients.test.mjs to send it again, byte for byte, on machines
// without that language. What the sandbox gives out becomes `{access_token}` and `{correlation_id}`.
//
//   node tests/clients/record.mjs ORIGIN_OF_A_SANDBOX tests/clients/recorded/go go run flow.go
//   node tests/clients/record.mjs ORIGIN_OF_A_SANDBOX tests/clients/recorded/php php flow.php
//
// The program is run in that folder, with an origin to call behind its arguments. Go wants GO111MODULE=off and
// GOPATH=/usr/share/gocode, where Debian puts its packages.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";

const [sandbox, folder, program, ...args] = process.argv.slice(2);
const { hostname, port } = new URL(sandbox);

/** Every request, as it came. */
const requests = [];
/** What replies gave out, by the placeholder that takes its place. */
const given = new Map();

/** Where the first request in `bytes` ends; undefined: it is not all there. */
function end(bytes) {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const length = /^content-length: *(\d+)/im.exec(bytes.subarray(0, head).toString("latin1"))?.[1];
  if (length === undefined) throw new Error("a request without a length");
  const all = head + 4 + Number(length);
  return bytes.length < all ? undefined : all;
}

const server = createServer((client) => {
  const backend = connect(Number(port), hostname);
  let bytes = Buffer.alloc(0);
  client.on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (let length = end(bytes); length !== undefined; length = end(bytes)) {
      requests.push(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
    }
    backend.write(chunk);
  });
  backend.on("data", (chunk) => {
    const text = chunk.toString("latin1");
    for (const [member, placeholder] of [["access_token", "{access_token}"], ["correlationId", "{correlation_id}"]]) {
      const value = new RegExp(`"${member}":"([^"]+)"`).exec(text)?.[1];
      if (value) given.set(value, placeholder);
    }
    client.write(chunk);
  });
  client.on("end", () => backend.end()).on("error", () => backend.destroy());
  backend.on("end", () => client.end()).on("error", () => client.destroy());
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const child = spawn(program, [...args, `http://127.0.0.1:${server.address().port}`], { cwd: folder, stdio: "inherit" });
const [code] = await once(child, "exit");
if (code !== 0) throw new Error(`${program} ended with ${code}`);
server.close();
for (const [index, request] of requests.entries()) {
  let text = request.toString("latin1");
  for (const [value, placeholder] of given) text = text.replaceAll(value, placeholder);
  await writeFile(join(folder, `${index + 1}.http`), text, "latin1");
}
console.log(`${requests.length} requests`);
process.exit();
