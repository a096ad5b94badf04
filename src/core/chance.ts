/** Chance that can be repeated: numbers drawn from a text, the same on every machine. Not for secrets. */

/** 32-bit FNV-1a of a text's UTF-16 units. Source: Fowler, Noll, Vo; http://www.isthe.com/chongo/tech/comp/fnv/ */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** A number in [0, 1) that depends on nothing but the text. The final mix is MurmurHash3's. */
export function drawn(text: string): number {
  let h = fnv1a(text)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296
}

/** A short digest of a text, for telling apart and never for security: 16 hex digits. */
export function digest(text: string): string {
  const hex = (n: number) => n.toString(16).padStart(8, '0')
  return hex(fnv1a(text)) + hex(fnv1a(`${text.length}:${text}#`))
}
