/** The code of a referral: short, and safe to read aloud. */
import { fnv1a } from './chance.ts'

const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'

/** Five letters and digits that nobody mistakes for others when read aloud. */
export function codeOf(seed: string): string {
  let n = fnv1a(seed) % ALPHABET.length ** 5
  let code = ''
  for (let i = 0; i < 5; i++) {
    code += ALPHABET[n % ALPHABET.length]
    n = Math.floor(n / ALPHABET.length)
  }
  return code
}
