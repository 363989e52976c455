// Runs any version of webpack or Rspack: node pack.mjs <package> <configuration as JSON>
const [, , name, configuration] = process.argv;
const { rspack, default: bundler = rspack } = await import(name);

const stats = await new Promise((resolve, reject) => {
  bundler({ context: process.cwd(), ...JSON.parse(configuration) }, (error, result) => (error ? reject(error) : resolve(result)));
});
if (stats.hasErrors()) {
  console.error(stats.toString({ all: false, errors: true }));
  process.exit(1);
}
