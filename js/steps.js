/**
 * Runs a step of the page. A throw is a rejection, and a promise of the page's own making is never touched directly.
 * `end` settles what comes back where the page never does: whoever waits for it would be kept for as long.
 */
export const runStep = (step, self, args) => {
  let end;
  const result = new Promise((resolve, reject) => {
    end = resolve;
    new Promise((settle) => settle(Reflect.apply(step, self, args))).then(resolve, reject);
  });
  return Object.assign(result, { end });
};
