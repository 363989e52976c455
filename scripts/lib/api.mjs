// The public API of the package as a committed report, so that a change of the API shows in the diff.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { root, StepError } from "./run.mjs";

const NAME = "handset";
const reportFolder = join(root, "docs");
const temporary = join(root, "build", "api");

/** Messages of API Extractor that are no fault of this API. */
const NO_FAULTS = {
  // No alpha or beta members: the whole API is public.
  "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None },
  // A self-explanatory name needs no comment.
  "ae-undocumented": { logLevel: ExtractorLogLevel.None },
};

function configuration(types, folder) {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: types,
      newlineKind: "lf",
      compiler: { tsconfigFilePath: join(root, "tsconfig.json") },
      apiReport: { enabled: true, reportFileName: NAME, reportFolder: folder, reportTempFolder: temporary },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.Error }, ...NO_FAULTS },
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      },
    },
    configObjectFullPath: undefined,
    packageJson: { name: NAME, version: "0.0.0" },
    packageJsonFullPath: join(root, "package.json"),
  });
}

/**
 * Compares `types` with the report in `folder`, or updates the report.
 *
 * @param {object} [options]
 * @param {boolean} [options.update] whether to update the report
 * @param {string} [options.types] the declaration file
 * @param {string} [options.folder] the folder of the report
 */
export async function apiReport({ update = false, types = join(root, "js", "index.d.ts"), folder = reportFolder } = {}) {
  await mkdir(temporary, { recursive: true });
  const faults = [];
  const result = Extractor.invoke(configuration(types, folder), {
    localBuild: update,
    messageCallback(message) {
      message.handled = true;
      // The category "console" reports a difference too; the error below has the better text.
      if (message.logLevel === "error" && message.category !== "console") faults.push(message.formatMessageWithLocation(root));
    },
  });
  if (faults.length > 0) throw new StepError(`The public API is unsound:\n  ${faults.join("\n  ")}`);
  if (result.apiReportChanged && !update) {
    throw new StepError(`The public API is not that of docs/${NAME}.api.md. If the change is intended, run \`npm run api\`, review the diff, and add it to CHANGELOG.md.`);
  }
  return result.apiReportChanged ? `docs/${NAME}.api.md is new` : `as in docs/${NAME}.api.md`;
}
