// Encodes the wasm as printable ASCII for a double-quoted string, so that no tool alters it. docs/performance.md lists the alternatives.

import { decoderOf, TEXT } from "./decoder.mjs";
import { separate } from "./streams.mjs";

/**
 * The code of each byte, 0 to 255 in order: one character, or a prefix and a character. The codes use all 86 allowed characters:
 * none of " ' ` \ $ (ends of strings, escapes, templates), < & (HTML, XHTML), { (template engines), ~ (not ASCII in Shift_JIS).
 *
 * The most common bytes have one character each. A search over the release's sorted bytes chose the characters for the smallest Brotli
 * output: Brotli predicts each character from the classes of the two before it (vowel, consonant, capital, digit, bracket, …),
 * and the prefixes are classes of their own. Lower-case letters and the space encode themselves: Brotli's dictionary has words.
 * This order saves 1.1 kB of 40 kB, on other builds too. A new search gains little.
 */
const CODES =
  "IRDGBJCLYFPUHXTZ?V.Y.BW.Q.K.JK.X.CA!=M.H.D ^;EO0.).G)*=Y.Z@:.E+M=A=V=E=B.#S%=H=F_.%=G=W=P=DN([=K=Z173=J6=w.u=i.a=e.e=a.o=u.P" +
  "=N=Q.V.R=L=T.i=U=X=S=%=o=gabcdefghijklmnopqrstuvwxyz.N.F.W.SQ#2=4.8=(.08.s].5.v.c=:.6=1.2>=2.j.}=,.7.3.9=;=k.g.f=).1.t.O=]=9" +
  ".w.d=6=5.b.L=>.A.I=t=39.4= }=}.>=c=8=R.k.!,.T.[5=^=0.y=s|=I.|=j=h=l.U=b=[=f.-.z=+._./=O/.:.*.x=@=d.@.n=#.^. =r=?...h.r=/.,==" +
  ".(=!.q.M.==-=7.+=p=_.?=v.p=*=z=m.;=x.]=q=C=|.m.l=y4=n=.-";

/** Some tools trim a space at an end; "]]>" ends a CDATA section of XHTML. */
const UNWANTED = /^ | $|]]>/;

/** @returns {string} the codes of all bytes in order, as the decoder's table, then the wasm in these codes */
function encode(wasm) {
  const codes = CODES.match(/[=.]?./g); // a prefix may follow a prefix: the pair is one code
  const write = (bytes) => Array.from(bytes, (byte) => codes[byte]).join("");
  const all = Uint8Array.from(codes.keys());
  const exchange = (a, b) => ([codes[a], codes[b]] = [codes[b], codes[a]]);
  const text = () => write(all) + write(wasm);
  if (!UNWANTED.test(text())) return text();
  // Rare. The decoder reads the codes from the text, so any two codes are exchangeable.
  const culprits = [wasm.at(-1), codes.indexOf(">")];
  for (const culprit of culprits) {
    for (const other of all) {
      exchange(culprit, other);
      if (!UNWANTED.test(text())) return text();
      exchange(culprit, other);
    }
  }
  throw new Error("The encoded wasm has a space at an end or a ]]>: exchange two codes in CODES.");
}

/** The checksum that the decoder compares: detects each single changed byte and each exchange of two bytes. */
function checksum(bytes) {
  let sum = 0;
  let sums = 0;
  for (const byte of bytes) {
    sum += byte;
    sums = (sums + sum) | 0;
  }
  return sums;
}

/**
 * The source of the module "handset-wasm". Its default export returns the bytes, or undefined if the text was altered.
 *
 * @param {Uint8Array} wasm
 * @returns {string} its source
 */
export function wasmModule(wasm) {
  const { bytes, ...sorted } = separate(wasm);
  const text = encode(bytes);
  const { decoder, at } = decoderOf({ ...sorted, textLength: text.length, byteCount: bytes.length, sums: checksum(bytes) });
  return `
  export default () => {
    const text = "${text}";
    const decoder = "${Buffer.from(decoder).toString("hex")}".match(/../g).map((pair) => parseInt(pair, 16));
    const { m, d } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(decoder))).exports;
    new TextEncoder().encodeInto(text, new Uint8Array(m.buffer, ${TEXT}, ${text.length}));
    if (text.length === ${text.length} && d()) return new Uint8Array(m.buffer, ${at}, ${sorted.size});
  };`;
}
