// What the docs tell people to write, where this tool looks for it.
require("../lend-node.js");
