// The page's entry. The test has put `authToken` and `report` into the page.
import * as proveAuth from "handset";
import { outcomeOf } from "./flow.js";

outcomeOf(proveAuth, self.authToken).then(self.report);
