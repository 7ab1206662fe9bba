import { type App, Aspects, type Stack } from 'aws-cdk-lib'
import { AwsSolutionsChecks, NagSuppressions } from 'cdk-nag'

/** cdk-nag looks at every resource whenever the app is synthesised; what it finds stops a deployment. */
export function checkApp(app: App): void {
  Aspects.of(app).add(new AwsSolutionsChecks({ verbose: true }))
}

/** A finding that is right as it is: where, which rules, and why. */
type Accepted = readonly [paths: readonly string[], rules: readonly string[], reason: string]

const SERVICES = ['StreamWorker', 'KafkaWorker', 'Gateway', 'Batch']
const WILDCARD = 'AwsSolutions-IAM5'
const MANAGED = 'AwsSolutions-IAM4'

const PIPELINE: readonly Accepted[] = [
  [
    SERVICES.map((name) => `${name}Task/TaskRole`),
    [WILDCARD],
    'The actions are named one by one; the objects, topics and groups of one prefix have no names beforehand.',
  ],
  [
    SERVICES.map((name) => `${name}Task/ExecutionRole`),
    [WILDCARD],
    'ecr:GetAuthorizationToken is for all repositories or none.',
  ],
  [
    SERVICES.map((name) => `${name}Task`),
    ['AwsSolutions-ECS2'],
    'The variables are addresses and names; secrets come from Secrets Manager.',
  ],
  [['DailyRun/Role'], [WILDCARD], 'Tasks, X-Ray and the delivery of logs have no names beforehand.'],
  [
    ['GatewayKeys', 'DashboardToken'],
    ['AwsSolutions-SMG4'],
    'Clients hold these keys: whoever replaces one tells them, so no schedule can.',
  ],
  [
    ['AWS679f53fac002430cb0da5b7982bd2287/ServiceRole'],
    [MANAGED],
    'The function that asks for the brokers writes its log by the policy that AWS keeps for that.',
  ],
  [['Api/CloudWatchRole'], [MANAGED], 'AWS keeps this policy for the logs of API Gateway.'],
  [
    ['Api'],
    ['AwsSolutions-APIG4', 'AwsSolutions-COG4'],
    'Emulators have no users: the streams want a key of the API, and the gateway checks its own keys.',
  ],
  [['Api/DeploymentStage.prod'], ['AwsSolutions-APIG3'], 'Which firewall an account has is its own to choose.'],
  [['Balancer'], ['AwsSolutions-ELB2'], 'A network load balancer without TLS writes no access log.'],
  [
    ['BalancerGroup', 'Vpc/Kinesis/SecurityGroup'],
    ['CdkNagValidationFailure'],
    'The range is that of the network itself, known when it is deployed.',
  ],
]

const UPLOAD = 'Custom::CDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C'

const AIRFLOW: readonly Accepted[] = [
  [
    [UPLOAD],
    [MANAGED, WILDCARD, 'AwsSolutions-L1'],
    "The CDK's own function, which copies the DAG into its bucket when the stack is deployed.",
  ],
  [
    ['AirflowRole'],
    [WILDCARD],
    'As Amazon documents the role of an environment; its queues are in an account of theirs.',
  ],
]

export const acceptForPipeline = (stack: Stack) => accept(stack, PIPELINE)
export const acceptForAirflow = (stack: Stack) => accept(stack, AIRFLOW)

function accept(stack: Stack, accepted: readonly Accepted[]): void {
  for (const [paths, rules, reason] of accepted) {
    const found = paths.map((path) =>
      path.split('/').reduce((node, id) => node.node.findChild(id), stack as Stack['node']['root']),
    )
    NagSuppressions.addResourceSuppressions(
      found,
      rules.map((id) => ({ id, reason })),
      true,
    )
  }
}
