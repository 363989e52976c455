// The page's entry. The test has defined `authToken` and `report` in the page.
import * as proveAuth from "handset";
import { outcomeOf } from "./flow.js";

outcomeOf(proveAuth, self.authToken).then(self.report);
