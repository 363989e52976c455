// The setup from the docs, in the file that this tool loads.
require("../lend-node.js");
