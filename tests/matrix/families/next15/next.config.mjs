// Set, since Next.js would otherwise choose the surrounding repository by its lock file.
const root = import.meta.dirname;
export default { outputFileTracingRoot: root, turbopack: { root } };
