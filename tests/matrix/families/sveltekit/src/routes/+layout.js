// Rendered at the build, as a server would.
export const prerender = true;
