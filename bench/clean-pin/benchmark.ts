import { pinsAsLines } from '../pins/as-lines.ts'
import type { Benchmark } from '../src/contract.ts'

export const benchmark: Benchmark = {
  about:
    'Raw pins as bytes in memory to clean pins as Parquet on disk, zstd throughout. DuckDB alone reads the same bytes from a file: it is the limit.',
  unit: 'rows',
  size: 300_000,
  reference: 'duckdb',
  measures: 'work',
  guard: { size: 150_000, against: 'duckdb', least: 0.5 },
  prepare: ({ size }, input) => pinsAsLines(size, input),
}
