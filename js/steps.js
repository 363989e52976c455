/**
 * Runs a step of the page. A throw is a rejection, and a promise of the page's own class is never touched directly. `end`
 * settles the returned promise where the page never does, so that its waiting code is released.
 */
export const runStep = (step, self, args) => {
  let end;
  const result = new Promise((resolve, reject) => {
    end = resolve;
    new Promise((settle) => settle(Reflect.apply(step, self, args))).then(resolve, reject);
  });
  return Object.assign(result, { end });
};
