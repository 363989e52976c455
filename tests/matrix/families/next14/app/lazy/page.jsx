"use client";
import { useEffect } from "react";
import { outcomeOf } from "../../flow.js";

export default function Page() {
  useEffect(() => {
    import("handset").then((proveAuth) => outcomeOf(proveAuth, self.authToken)).then(self.report);
  }, []);
  return <p>The flow runs.</p>;
}
