/** A schema with most of what Avro has, nested and holding itself. */
export const TREE = {
  type: 'record',
  name: 'tree.Node',
  fields: [
    { name: 'name', type: 'string' },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['LEAF', 'BRANCH'] } },
    { name: 'weight', type: ['null', 'double', 'string'] },
    { name: 'digest', type: ['null', { type: 'fixed', name: 'Digest', size: 4 }] },
    { name: 'flags', type: { type: 'map', values: ['boolean', 'int', { type: 'array', items: 'float' }] } },
    {
      name: 'children',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Leaf',
          fields: [
            { name: 'n', type: 'long' },
            { name: 'kind', type: 'Kind' },
          ],
        },
      },
    },
    { name: 'next', type: ['null', 'Kind', 'tree.Node'] },
  ],
}
