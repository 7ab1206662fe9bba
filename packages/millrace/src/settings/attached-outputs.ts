export interface AttachedOutputs {
  readonly attached: readonly string[]
  readonly detached: readonly string[]
}

/** Returns which outputs get records, and which are left out for now. */
export function attachedOutputs({
  outputs,
  detach,
}: {
  readonly outputs: readonly string[]
  readonly detach: readonly string[]
}): AttachedOutputs {
  const detached = outputs.filter((output) => detach.some((name) => named(name, outputs).includes(output)))
  return { attached: outputs.filter((output) => !detached.includes(output)), detached }
}

/** Returns the outputs of this address; what it says after `?` may be left out. */
export function named(name: string, outputs: readonly string[]): readonly string[] {
  return outputs.includes(name) ? [name] : outputs.filter((output) => output.split('?')[0] === name)
}
