// (placeholder until measured) wasm as printable ASCII.
const SKIPPED = new Set(['"', "\\", "$", "`", "<", "'", "&", "~", "{"]);
const CHARACTERS = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter((c) => !SKIPPED.has(c) && c !== " ");

export function encode(wasm) {
  const counts = new Map(Array.from({ length: 256 }, (_, byte) => [byte, 0]));
  for (const byte of wasm) counts.set(byte, counts.get(byte) + 1);
  const order = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([byte]) => byte);
  const n = CHARACTERS.length - 3;
  const code = new Map(order.map((byte, i) => [byte, i < n ? CHARACTERS[i] : CHARACTERS[n + Math.floor((i - n) / n)] + CHARACTERS[(i - n) % n]]));
  let check = 1;
  for (const byte of wasm) check = (Math.imul(check, 31) + byte) | 0;
  const text = [...wasm].map((byte) => code.get(byte)).join("");
  return `
  const text = "${text}", order = ${JSON.stringify(Buffer.from(order).toString("hex"))}, characters = "${CHARACTERS.join("")}";
  export default () => {
    const bytes = new Uint8Array(${wasm.length});
    let at = 0, check = 1;
    for (let i = 0; i < text.length; i++) {
      let n = characters.indexOf(text[i]);
      if (n >= ${n}) n = ${n} * (n - ${n} + 1) + characters.indexOf(text[++i]);
      const byte = parseInt(order.slice(2 * n, 2 * n + 2), 16);
      bytes[at++] = byte;
      check = (Math.imul(check, 31) + byte) | 0;
    }
    return at === ${wasm.length} && check === ${check} ? bytes : undefined;
  };`;
}
