// The repository around this folder has a lock file too.
const root = import.meta.dirname;
export default { outputFileTracingRoot: root, turbopack: { root } };
