import { useEffect } from "react";
import { createRoot } from "react-dom/client";
import * as proveAuth from "handset";
import { outcomeOf } from "./flow";

function Page() {
  useEffect(() => {
    outcomeOf(proveAuth, window.authToken).then(window.report);
  }, []);
  return <p>The flow runs.</p>;
}

createRoot(document.getElementById("root")).render(<Page />);
