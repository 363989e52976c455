"use client";
import { useEffect } from "react";
import * as proveAuth from "handset";
import { outcomeOf } from "../flow.js";

export default function Page() {
  useEffect(() => {
    outcomeOf(proveAuth, self.authToken).then(self.report);
  }, []);
  return <p>The flow runs.</p>;
}
