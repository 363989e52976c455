// The wasm as text that every tool leaves alone: printable ASCII for a double-quoted string. docs/performance.md says what else was tried.

/**
 * The code of each byte, 0 to 255 in order: one character, or a prefix and one. All 86 characters a code may have are used:
 * none of " ' ` \ $ (ends of strings, escapes, templates), < & (HTML, XHTML), { (template engines), ~ (not ASCII in Shift_JIS).
 *
 * One character each for the commonest bytes. Which one, was searched for with the release's wasm, so that Brotli gets by
 * with least: it guesses each character from the kinds of the two before it (vowel, consonant, capital, digit, bracket, …), and
 * the prefixes are kinds of their own. Lower-case letters and the space stand for themselves: Brotli knows words.
 * The order is worth 1.1 kB of 40 kB, also on builds it was not searched for. A new search gains little: leave it.
 */
const CODES =
  "ILDGBJCRYFPUHXTZ%V.Y.BW.Q.K.JK.X.CAS=M.H.D :;EO0.).G#*=Y.Z@^.E+M=A=V=E=B.#!?=H=F_.%=G=W=P=DN([=K=Z173=J6.M.u=i.a=e.e=a.o=u" +
  ".P=N=Q.V.R=L=T.i=U=X=S=%=o=gabcdefghijklmnopqrstuvwxyz.N.F.W.SQ)2=4.8=(.08.s].5.v.c=:.6=1.2>=2.j.}=,.7.3.9=;=k.g.f=).1.t" +
  ".O=]=9.w.d=6=5.b.L=>.A.I=t=39.4= }=}.>=c=8=R.k=q,.T.[5=^=0.y=s|=I.|=j=h=l.U=b=[=f.-.z=+._./=O/.?.*.x=@=d.@.n=#.^. =r=?...h" +
  ".r=/.,==.(=!.q=w.==-=7.+=p=_.:=v.p=*=z=m.;=x.].!=C=|.m.l=y4=n=.-";

/** A blank at an end is trimmed by some tool; "]]>" ends a CDATA section of XHTML. */
const UNWANTED = /^ | $|]]>/;

/** @returns {string} the codes of all bytes in order, by which the decoder learns them, then the wasm in these codes */
function encode(wasm) {
  const codes = CODES.match(/[=.]?./g); // a prefix may follow a prefix: the pair is one code
  const write = (bytes) => Array.from(bytes, (byte) => codes[byte]).join("");
  const all = Uint8Array.from(codes.keys());
  const exchange = (a, b) => ([codes[a], codes[b]] = [codes[b], codes[a]]);
  const text = () => write(all) + write(wasm);
  if (!UNWANTED.test(text())) return text();
  // Rare. The decoder learns the codes from the text, so any two may change places.
  const culprits = [wasm.at(-1), codes.indexOf(">")];
  for (const culprit of culprits) {
    for (const other of all) {
      exchange(culprit, other);
      if (!UNWANTED.test(text())) return text();
      exchange(culprit, other);
    }
  }
  throw new Error("The wasm cannot be written without a blank at an end or a ]]>: exchange two codes in CODES.");
}

/** What the decoder compares at its end: sees any one changed byte, and any two that changed places. */
function checksum(wasm) {
  let sum = 0;
  let sums = 0;
  for (const byte of wasm) {
    sum += byte;
    sums = (sums + sum) & 0x3fffffff;
  }
  return sums;
}

/**
 * The module "handset-wasm": its default export gives the bytes, or undefined where the text is not what was written.
 *
 * @param {Uint8Array} wasm
 * @returns {string} its source
 */
export const wasmModule = (wasm) => `
  export default () => {
    const text = "${encode(wasm)}";
    // A code is a character, or "=" or "." and a character. Indexed by character, or prefix * 128 + character.
    const byteOf = new Uint8Array(8192);
    const bytes = new Uint8Array(${wasm.length});
    let at = 0;
    let sum = 0;
    let sums = 0;
    // The text starts with the codes of the bytes 0 to 255.
    let index = -256;
    // charCodeAt in one loop was quickest: run once, this never reaches the optimising compiler for long.
    while (at < text.length) {
      let code = text.charCodeAt(at++);
      if (code === 61 || code === 46) code = code * 128 + text.charCodeAt(at++);
      if (index < 0) byteOf[code] = index;
      else {
        bytes[index] = code = byteOf[code];
        sum += code;
        sums = (sums + sum) & 0x3fffffff; // 30 bits: larger numbers are slow before they are optimised
      }
      index++;
    }
    if (index === ${wasm.length} && sums === ${checksum(wasm)}) return bytes;
  };`;
