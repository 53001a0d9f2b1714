{{/* Context: the root. */}}
{{- define "login-etl.fullname" -}}
{{- $default := contains "login-etl" .Release.Name | ternary .Release.Name (printf "%s-login-etl" .Release.Name) -}}
{{- .Values.fullnameOverride | default $default | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "login-etl.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{- define "login-etl.serviceAccountName" -}}
{{- with .Values.serviceAccount -}}
{{ .name | default (.create | ternary (include "login-etl.fullname" $) "default") }}
{{- end -}}
{{- end }}

{{/* Context: {root, component}. */}}
{{- define "login-etl.selector" -}}
app.kubernetes.io/name: login-etl
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "login-etl.labels" -}}
{{ include "login-etl.selector" . }}
app.kubernetes.io/version: {{ include "login-etl.versionLabel" .root | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* A tag may be longer than a label. */}}
{{- define "login-etl.versionLabel" -}}
{{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | trimAll "-_." }}
{{- end }}

{{- define "login-etl.deploymentName" -}}
{{ .Values.versioning.deploymentName | default (include "login-etl.fullname" .) }}
{{- end }}

{{- define "login-etl.buildId" -}}
{{ .Values.versioning.buildId | default (include "login-etl.versionLabel" .) }}
{{- end }}

{{/* With versioning, each build has its own Deployment, and the old one stays until it is drained. */}}
{{- define "login-etl.workerName" -}}
{{ include "login-etl.fullname" . }}-worker
{{- if .Values.versioning.enabled }}
{{- $buildId := include "login-etl.buildId" . | lower | replace "." "-" | replace "_" "-" }}
{{- if gt (len $buildId) 15 }}
{{- /* Two builds may begin alike. */}}
{{- $buildId = printf "%s-%s" (trunc 8 $buildId | trimSuffix "-") (include "login-etl.buildId" . | sha256sum | trunc 6) }}
{{- end -}}
-{{ $buildId }}
{{- end }}
{{- end }}
