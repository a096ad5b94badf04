import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** A file's text in pieces, and what had to be done to read it. */
export type Decoded = {
  text: AsyncGenerator<string>
  /** Filled while the text is read. */
  notes: {
    /** The first line that is not UTF-8 and was read as Windows-1252; null when there is none. */
    fallbackLine: number | null
    /** The compressed file broke off or is damaged: the text is what could be had of it. */
    damaged: boolean
    /** An Excel workbook or another zip: there is no text to read. */
    workbook: boolean
  }
}

/** Text is handed on in pieces of about this many bytes, however large the pieces that came in. */
const PIECE_BYTES = 65_536

/** A line longer than this is cut for decoding: no export has such lines, and memory stays bounded. */
const LINE_BYTES_MAX = 1_048_576

/**
 * Bytes as text, in constant memory. Gzip is unpacked when its two magic bytes are there. A byte order mark
 * decides between UTF-8 and UTF-16; without one, each line is UTF-8 if it can be and Windows-1252 if it cannot,
 * so the result does not depend on how the bytes arrive. Only the source itself can throw.
 */
export function decode(bytes: AsyncIterable<Uint8Array>): Decoded {
  const notes: Decoded['notes'] = { fallbackLine: null, damaged: false, workbook: false }
  return { text: textOf(bytes, notes), notes }
}

async function* textOf(bytes: AsyncIterable<Uint8Array>, notes: Decoded['notes']): AsyncGenerator<string> {
  const packed = await peek(bytes)
  const isGzip = packed.head[0] === 0x1f && packed.head[1] === 0x8b
  const { head, all } = isGzip ? await peek(gunzip(packed.all, notes)) : packed
  if (head[0] === 0x50 && head[1] === 0x4b && head[2] === 0x03 && head[3] === 0x04) {
    notes.workbook = true
    await all.next()
    await all.return(undefined)
    return
  }
  if (head[0] === 0xff && head[1] === 0xfe) yield* decodeAs('utf-16le', all)
  else if (head[0] === 0xfe && head[1] === 0xff) yield* decodeAs('utf-16be', all)
  else yield* decodeLines(all, notes)
}

/** The first four bytes, and the whole again in bounded pieces. */
async function peek(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ head: Buffer; all: AsyncGenerator<Buffer> }> {
  const pieces = bounded(bytes)
  let head = Buffer.alloc(0)
  while (head.length < 4) {
    const next = await pieces.next()
    if (next.done) break
    head = Buffer.concat([head, next.value])
  }
  async function* all() {
    try {
      if (head.length > 0) yield head
      yield* pieces
    } finally {
      await pieces.return(undefined)
    }
  }
  return { head, all: all() }
}

async function* bounded(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    for (let at = 0; at < buffer.length; at += PIECE_BYTES) yield buffer.subarray(at, at + PIECE_BYTES)
  }
}

async function* gunzip(packed: AsyncIterable<Buffer>, notes: Decoded['notes']): AsyncGenerator<Buffer> {
  const source = Readable.from(packed)
  const unpacked = createGunzip()
  source.once('error', (error) => unpacked.destroy(error))
  try {
    for await (const chunk of source.pipe(unpacked)) yield chunk
  } catch (error) {
    // zlib's own complaints are about the file; everything else is about reading it.
    if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error
    notes.damaged = true
  } finally {
    source.destroy()
    unpacked.destroy()
  }
}

async function* decodeAs(encoding: string, pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding)
  for await (const piece of pieces) yield decoder.decode(piece, { stream: true })
  yield decoder.decode()
}

async function* decodeLines(pieces: AsyncIterable<Buffer>, notes: Decoded['notes']): AsyncGenerator<string> {
  const state = { lineNumber: 1, first: true }
  let open: Buffer[] = []
  let openBytes = 0
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(0x0a) + 1
    if (end === 0 && openBytes + piece.length <= LINE_BYTES_MAX) {
      open.push(piece)
      openBytes += piece.length
      continue
    }
    const cut = end === 0 ? piece.length : end
    yield decodeBlock(Buffer.concat([...open, piece.subarray(0, cut)]), state, notes)
    open = [piece.subarray(cut)]
    openBytes = open[0]!.length
  }
  yield decodeBlock(Buffer.concat(open), state, notes)
}

/** A block of whole lines. */
function decodeBlock(
  block: Buffer,
  state: { lineNumber: number; first: boolean },
  notes: Decoded['notes'],
): string {
  let text = strictly(block)
  if (text === null) {
    text = ''
    for (let at = 0, line = state.lineNumber; at < block.length; line++) {
      const end = block.indexOf(0x0a, at) + 1 || block.length
      const bytes = block.subarray(at, end)
      const strict = strictly(bytes)
      if (strict === null) notes.fallbackLine ??= line
      text += strict ?? new TextDecoder('windows-1252').decode(bytes)
      at = end
    }
  }
  if (notes.fallbackLine === null) for (const byte of block) if (byte === 0x0a) state.lineNumber++
  if (state.first && text !== '') {
    state.first = false
    if (text.startsWith('\uFEFF')) return text.slice(1)
  }
  return text
}

function strictly(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
