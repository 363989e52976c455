import { AuthenticatorBuilder } from "./authenticator.js";
import { loadAsync } from "./module.js";

/** Browsers compile each function when it is called first: an authenticator that nobody sees has that behind it. */
const warm = () => {
  const authenticator = new AuthenticatorBuilder().build();
  authenticator.isMobileWeb();
  authenticator.dispose();
};

export const preload = () => loadAsync(warm);
