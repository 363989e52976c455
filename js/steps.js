/** Runs a step of the page. A throw is a rejection, and a promise of the page's own making is never touched directly. */
export const runStep = (step, self, args) => new Promise((resolve) => resolve(Reflect.apply(step, self, args)));
