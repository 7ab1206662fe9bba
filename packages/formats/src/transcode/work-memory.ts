/** What is used of the engine's own WebAssembly; Node's types do not have it. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Memory: new (size: { initial: number; maximum: number; shared: true }) => Memory
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
}

interface Memory {
  /** Another one after each growth; those before it see the same bytes. */
  readonly buffer: SharedArrayBuffer
  grow(pages: number): number
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: Engine }

/** WebAssembly that works in the memory; `E` has its functions. */
export interface Program<E> {
  readonly base64: string
  /** Another one whose functions it calls. */
  readonly uses?: Program<object>
  /** Has no value: it binds the type of the functions. */
  readonly functions?: E
}

/**
 * Memory in which one block after another is read and written: what works on it must not wait. It only grows; views of it
 * stay good when it does.
 */
export interface WorkMemory {
  readonly memory: Memory
  /** The functions of programs that work in it. */
  readonly functions: Map<Program<object>, object>
}

const PAGE = 1 << 16
const MOST_PAGES = 1 << 16
/** So many bytes behind a value may be read. */
const UNIT = 16

/** More than this is not kept for the next block. */
const MOST_KEPT = 96 << 20

const compiled = new Map<Program<object>, object>()
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
  kept ??= {
    memory: new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true }),
    functions: new Map(),
  }
  return kept
}

/** Returns the functions of a program; they work in the memory of now. */
export function functionsOf<E extends object>(program: Program<E>): E {
  const { memory, functions } = workMemory()
  const known = functions.get(program)
  if (known) return known as E
  const module = compiled.get(program) ?? new WebAssembly.Module(Buffer.from(program.base64, 'base64'))
  compiled.set(program, module)
  const imports = { memory, ...(program.uses && functionsOf(program.uses)) }
  const { exports } = new WebAssembly.Instance(module, { work: imports })
  functions.set(program, exports)
  return exports as E
}
