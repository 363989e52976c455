// npm start: builds the package, the pages and the sandbox, and serves pages and sandbox on this machine.
// The store is in data/, so that sessions survive a restart; with --store memory they do not.
// Arguments go to the sandbox: npm start -- --listen 127.0.0.1:9000 --otp-seconds 10
import { bootstrap } from "./bootstrap.mjs";
import { main, run } from "./lib/run.mjs";

const CARGO = ["--profile", "server", "-p", "handset-sandbox"];

await main(async () => {
  const given = process.argv.slice(2);
  const unlessGiven = (flag, value) => (given.some((part) => part === flag || part.startsWith(`${flag}=`)) ? [] : [flag, value]);
  const defaults = [...unlessGiven("--www", "www/dist"), ...unlessGiven("--store", "sqlite:data/sandbox.db")];
  const tools = await bootstrap();
  const { buildPackage } = await import("./lib/package.mjs");
  const { buildWww } = await import("./lib/www.mjs");
  await buildPackage(tools);
  await buildWww();
  await run("cargo", ["build", ...CARGO]);

  console.log("\nOpen the address below in a browser. Ctrl-C ends it.\n");
  // The sandbox ends itself on a signal. This process waits for it, and forwards a signal that reached only npm.
  await run("cargo", ["run", "--quiet", ...CARGO, "--", ...defaults, ...given], {
    passSignals: true,
    advice: "If the port is taken, choose another: npm start -- --listen 127.0.0.1:0",
  });
});
