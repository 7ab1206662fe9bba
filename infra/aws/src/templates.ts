// What API Gateway makes of a request before Kinesis gets it: the templates that the usual pipelines have.

const NAME = '"StreamName": "$input.params(\'stream-name\')"'

export const STREAM = `{ ${NAME} }`

export const RECORD = `{
  ${NAME},
  "Data": "$util.base64Encode($input.json('$.Data'))",
  "PartitionKey": "$input.path('$.PartitionKey')"
}`

export const RECORDS = `{
  ${NAME},
  "Records": [
    #foreach($record in $input.path('$.records'))
    {
      "Data": "$util.base64Encode($record.data)",
      "PartitionKey": "$record.partition-key"
    }#if($foreach.hasNext),#end
    #end
  ]
}`
