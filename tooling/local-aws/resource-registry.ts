import type { ResourceDefinition } from './resource-definition.ts';
import { apigatewayv2Api } from './resources/apigatewayv2-api.ts';
import { apigatewayv2Integration } from './resources/apigatewayv2-integration.ts';
import { apigatewayv2Route } from './resources/apigatewayv2-route.ts';
import { apigatewayv2Stage } from './resources/apigatewayv2-stage.ts';
import { cloudwatchAlarm } from './resources/cloudwatch-alarm.ts';
import { cloudwatchDashboard } from './resources/cloudwatch-dashboard.ts';
import { dynamodbTable } from './resources/dynamodb-table.ts';
import { eventsArchive } from './resources/events-archive.ts';
import { eventsEventBus } from './resources/events-event-bus.ts';
import { eventsRule } from './resources/events-rule.ts';
import { iamManagedPolicy } from './resources/iam-managed-policy.ts';
import { iamPolicy } from './resources/iam-policy.ts';
import { iamRole } from './resources/iam-role.ts';
import { lambdaEventInvokeConfig } from './resources/lambda-event-invoke-config.ts';
import { lambdaEventSourceMapping } from './resources/lambda-event-source-mapping.ts';
import { lambdaFunction } from './resources/lambda-function.ts';
import { lambdaPermission } from './resources/lambda-permission.ts';
import { logsLogGroup } from './resources/logs-log-group.ts';
import { logsMetricFilter } from './resources/logs-metric-filter.ts';
import { logsQueryDefinition } from './resources/logs-query-definition.ts';
import { schedulerScheduleGroup } from './resources/scheduler-schedule-group.ts';
import { schedulerSchedule } from './resources/scheduler-schedule.ts';
import { secretsmanagerSecret } from './resources/secretsmanager-secret.ts';
import { snsSubscription } from './resources/sns-subscription.ts';
import { snsTopicPolicy } from './resources/sns-topic-policy.ts';
import { snsTopic } from './resources/sns-topic.ts';
import { sqsQueuePolicy } from './resources/sqs-queue-policy.ts';
import { sqsQueue } from './resources/sqs-queue.ts';
import { stepfunctionsStateMachine } from './resources/stepfunctions-state-machine.ts';

const DEFINITIONS = [
  apigatewayv2Api,
  apigatewayv2Integration,
  apigatewayv2Route,
  apigatewayv2Stage,
  cloudwatchAlarm,
  cloudwatchDashboard,
  dynamodbTable,
  eventsArchive,
  eventsEventBus,
  eventsRule,
  iamManagedPolicy,
  iamPolicy,
  iamRole,
  lambdaEventInvokeConfig,
  lambdaEventSourceMapping,
  lambdaFunction,
  lambdaPermission,
  logsLogGroup,
  logsMetricFilter,
  logsQueryDefinition,
  schedulerSchedule,
  schedulerScheduleGroup,
  secretsmanagerSecret,
  snsSubscription,
  snsTopic,
  snsTopicPolicy,
  sqsQueue,
  sqsQueuePolicy,
  stepfunctionsStateMachine,
];

/** Everything that can be deployed locally, by CloudFormation type. A type that is not here is an error. */
export const RESOURCE_DEFINITIONS: ReadonlyMap<string, ResourceDefinition> = new Map(
  DEFINITIONS.map((definition) => [definition.type, definition]),
);
