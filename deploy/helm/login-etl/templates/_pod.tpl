{{/*
Parts of a pod. Context: {root, component, own, sections}, for a versioned worker `buildId`, and for the container
`command` and, as YAML, `env`.
*/}}
{{- define "login-etl.podMetadata" -}}
labels:
  {{- include "login-etl.selector" . | nindent 2 }}
  app.kubernetes.io/version: {{ include "login-etl.versionLabel" .root | quote }}
  {{- with .buildId }}
  login-etl/build-id: {{ . | quote }}
  {{- end }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  # Settings are in the pod's template, so a change of them restarts the pods by itself.
  checksum/secrets: {{ printf "%s%s" (include "login-etl.secrets" .) .root.Values.secretsVersion | sha256sum }}
  {{- with .root.Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "login-etl.podSettings" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values }}
securityContext:
  {{- toYaml .podSecurityContext | nindent 2 }}
{{- with .imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: {sizeLimit: 256Mi}
  {{- with include "login-etl.secretSources" . }}
  - name: secrets
    projected:
      # Root's, readable by the group 1000: nobody else reads it, and the container cannot change it.
      defaultMode: 0440
      sources:
        {{- . | trim | nindent 8 }}
  {{- end }}
  {{- with .root.Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "login-etl.container" -}}
name: {{ .component }}
image: {{ include "login-etl.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: {{ toJson .command }}
env:
  {{- with include "login-etl.environment" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with .env }}
  {{- . | nindent 2 }}
  {{- end }}
  - name: HOME
    value: /tmp
  {{- with .root.Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
resources:
  {{- toYaml .own.resources | nindent 2 }}
securityContext:
  {{- toYaml .root.Values.securityContext | nindent 2 }}
# `kubectl describe pod` shows the last lines of a program that failed: they say what is missing.
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if include "login-etl.secretSources" . }}
  - name: secrets
    mountPath: /secrets
    readOnly: true
  {{- end }}
  {{- with .root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "login-etl.workerEnvironment" -}}
- name: WORKER_METRICS_ADDRESS
  value: 0.0.0.0:9464
- name: WORKER_HEALTH_ADDRESS
  value: 0.0.0.0:9465
{{- if .Values.versioning.enabled }}
{{ include "login-etl.versionEnvironment" . }}
{{- end }}
{{- end }}

{{- define "login-etl.versionEnvironment" -}}
- name: TEMPORAL_DEPLOYMENT_NAME
  value: {{ include "login-etl.deploymentName" . | quote }}
- name: TEMPORAL_WORKER_BUILD_ID
  value: {{ include "login-etl.buildId" . | quote }}
{{- end }}

{{/* /healthz and /readyz are there once the worker has reached Postgres, the queue and Temporal. */}}
{{- define "login-etl.workerPortsAndProbes" -}}
ports:
  - {name: metrics, containerPort: 9464}
  - {name: health, containerPort: 9465}
startupProbe:
  httpGet: {path: /healthz, port: health}
  periodSeconds: 2
  failureThreshold: {{ div .Values.worker.startupSeconds 2 }}
readinessProbe:
  httpGet: {path: /readyz, port: health}
  periodSeconds: 10
  timeoutSeconds: 3
livenessProbe:
  httpGet: {path: /healthz, port: health}
  periodSeconds: 20
  timeoutSeconds: 3
{{- end }}
