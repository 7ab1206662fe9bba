import type { PartitionState } from '../state.ts'

/** How far behind, in colours. */
export const HEATS = [
  { below: 1, words: 'under 1 s' },
  { below: 10, words: 'under 10 s' },
  { below: 60, words: 'under 1 min' },
  { below: 600, words: 'under 10 min' },
  { below: Number.POSITIVE_INFINITY, words: 'over 10 min' },
] as const

const LARGE = 22
const SMALL = 12
const GAP = 2

export function heatOf({ seconds }: PartitionState): number {
  return HEATS.findIndex(({ below }) => seconds < below)
}

/** One square a partition, on one canvas: five hundred are no more work for the browser than five. */
export function drawStrip(canvas: HTMLCanvasElement, partitions: readonly PartitionState[]): void {
  const width = canvas.parentElement?.clientWidth ?? 0
  const { step, columns } = gridOf(width, partitions.length)
  const height = step * Math.ceil(partitions.length / columns)
  const scale = devicePixelRatio
  canvas.dataset.count = String(partitions.length)
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale)
    canvas.height = Math.round(height * scale)
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
  }
  const pen = canvas.getContext('2d')
  if (!pen) return
  const style = getComputedStyle(canvas)
  const colours = HEATS.map((_, i) => style.getPropertyValue(`--heat-${i}`))
  pen.setTransform(scale, 0, 0, scale, 0, 0)
  pen.clearRect(0, 0, width, height)
  for (const [i, partition] of partitions.entries()) {
    pen.fillStyle = colours[heatOf(partition)] ?? ''
    pen.beginPath()
    pen.roundRect((i % columns) * step, Math.floor(i / columns) * step, step - GAP, step - GAP, 3)
    pen.fill()
  }
}

/** Which square is there. */
export function cellAt(canvas: HTMLCanvasElement, x: number, y: number): number {
  const { step, columns } = gridOf(canvas.clientWidth, Number(canvas.dataset.count))
  return Math.floor(y / step) * columns + Math.min(columns - 1, Math.floor(x / step))
}

function gridOf(width: number, count: number): { step: number; columns: number } {
  const step = (count > 100 ? SMALL : LARGE) + GAP
  return { step, columns: Math.max(1, Math.floor(width / step)) }
}
