import { AuthenticatorBuilder } from "./authenticator.js";
import { loadAsync } from "./module.js";

/** Runs the code of a first constructor on a throw-away authenticator: browsers compile a function when it is called first. */
const warm = () => {
  const authenticator = new AuthenticatorBuilder().build();
  authenticator.isMobileWeb();
  authenticator.dispose();
};

export const preload = () => loadAsync(warm);
