// Records the requests of a client in another language, so that clients.test.mjs can send them byte for byte on machines
// without that language. Values from the sandbox become `{access_token}` and `{correlation_id}`.
//
//   node tests/clients/record.mjs ORIGIN_OF_A_SANDBOX tests/clients/recorded/go go run flow.go
//   node tests/clients/record.mjs ORIGIN_OF_A_SANDBOX tests/clients/recorded/php php flow.php
//
// The program runs in that folder, with the origin to call as its last argument. Go needs GO111MODULE=off and
// GOPATH=/usr/share/gocode, the folder of Debian's packages.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";

const [sandbox, folder, program, ...args] = process.argv.slice(2);
const { hostname, port } = new URL(sandbox);

/** The bytes of every request. */
const requests = [];
/** The values from replies, each with its placeholder. */
const given = new Map();

/** The end of the first request in `bytes`; undefined if the request is incomplete. */
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
