import { TEXT_MODULE } from './text-module.ts'

/** Writes the bytes between two places of the memory as a text of JSON, and returns where it ends. */
type WriteText = (from: number, end: number, to: number) => number

/**
 * Writes the noted values of a column one after another, each behind four zeros, and sets a bit for each row that has one.
 * Writes at `counts` how many have one, and how many have bytes that are not ASCII. Returns where the values end.
 */
type Gather = (notes: number, stride: number, rows: number, to: number, bits: number, counts: number) => number

/** Writes the lengths of gathered values in place of the zeros. */
type WriteLengths = (notes: number, stride: number, rows: number, to: number) => void

/** What is used of the engine's own WebAssembly; Node's types do not have it. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Memory: new (size: { initial: number; maximum: number; shared: true }) => Memory
  readonly Instance: new (module: object, imports: object) => { readonly exports: Exports }
}

interface Exports {
  readonly text: WriteText
  readonly gather: Gather
  readonly lengths: WriteLengths
}

interface Memory {
  /** Another one after each growth; those before it see the same bytes. */
  readonly buffer: SharedArrayBuffer
  grow(pages: number): number
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: Engine }

/**
 * Memory in which one block after another is read and written: what works on it must not wait. It only grows; views of it
 * stay good when it does.
 */
export interface WorkMemory {
  readonly memory: Memory
  readonly writeText: WriteText
  readonly gather: Gather
  readonly writeLengths: WriteLengths
}

const PAGE = 1 << 16
const MOST_PAGES = 1 << 16
/** So many bytes behind a value may be read. */
const UNIT = 16

/** More than this is not kept for the next block. */
const MOST_KEPT = 96 << 20

let compiled: object | undefined
let kept: WorkMemory | undefined
/** How much of it the block's messages take, and what they are seen through. */
let taken = 0
let messages: ArrayBufferLike | undefined

/** Copies a block's messages into the memory; returns them there, and where behind them is room for so many bytes. */
export function placeMessages(bytes: Uint8Array, room = 0): { readonly there: Uint8Array; readonly behind: number } {
  const work = workMemory()
  const behind = bytes.length + UNIT - (bytes.length % UNIT)
  taken = behind + room + PAGE - ((behind + room) % PAGE)
  makeRoom(work, taken)
  const there = new Uint8Array(work.memory.buffer, 0, bytes.length)
  copyBytes(bytes, there)
  messages = there.buffer
  return { there, behind }
}

/**
 * Copies bytes into the memory or out of it. `set` of a typed array takes ten times as long: where memory is shared, it goes
 * byte by byte unless both begin at a multiple of eight.
 */
export function copyBytes(from: Uint8Array, to: Uint8Array, at = 0): void {
  Buffer.prototype.copy.call(from, to, at)
}

/** Returns the memory, from where on it is free, and what the block's messages in it are seen through. */
export function freeMemory() {
  return { work: workMemory(), from: taken, messages }
}

/** Makes the memory so large at least. */
export function makeRoom({ memory }: WorkMemory, size: number): void {
  const [has, needs] = [memory.buffer.byteLength / PAGE, Math.ceil(size / PAGE)]
  if (needs > has) memory.grow(Math.min(MOST_PAGES, Math.max(needs, Math.ceil(has * 1.5))) - has)
}

/** The block is done. */
export function releaseMemory(): void {
  taken = 0
  messages = undefined
  if (kept && kept.memory.buffer.byteLength > MOST_KEPT) kept = undefined
}

export function workMemory(): WorkMemory {
  if (kept) return kept
  compiled ??= new WebAssembly.Module(Buffer.from(TEXT_MODULE, 'base64'))
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true })
  const { exports } = new WebAssembly.Instance(compiled, { work: { memory } })
  kept = { memory, writeText: exports.text, gather: exports.gather, writeLengths: exports.lengths }
  return kept
}
