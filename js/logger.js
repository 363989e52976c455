import { attempt } from "./host.js";
import { LogLevel } from "./values.js";

const toConsole = {
  write(level, ...args) {
    const log = console[LogLevel[level]];
    if (log) log.apply(console, args);
  },
};

let threshold = LogLevel.info;
let writer = toConsole;

const at = (level, name) => (...args) => {
  if (level > threshold) return;
  try {
    writer.write(level, `[${name}]`, ...args);
  } catch (error) {
    // An error in the page's log writer must not break a flow.
    attempt(() => console.error(error));
  }
};

export const LoggerFactory = Object.freeze({
  setLogLevel(level) {
    threshold = level;
  },
  setLogWriter(logWriter) {
    writer = logWriter;
  },
  getLogger: (name) => ({
    error: at(LogLevel.error, name),
    warn: at(LogLevel.warn, name),
    info: at(LogLevel.info, name),
    debug: at(LogLevel.debug, name),
    trace: at(LogLevel.trace, name),
  }),
});
