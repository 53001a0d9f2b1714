{{/*
The settings and secrets of a component. Context: {root, component, own, sections}, where `own` is the component's values
and `sections` lists the sections of settings that it reads; files/settings.json has the sections of each setting.
*/}}
{{- define "login-etl.settings" -}}
{{- $given := merge (dict) (.own.settings | default dict) .root.Values.settings -}}
{{- $wanted := dict -}}
{{- $known := .root.Files.Get "files/settings.json" | fromJson -}}
{{- $sections := .sections -}}
{{- range $name, $value := $given -}}
{{- if include "login-etl.isRead" (dict "setting" (index $known $name) "sections" $sections) }}{{ $_ := set $wanted $name $value }}{{ end -}}
{{- end -}}
{{ toJson $wanted }}
{{- end }}

{{- define "login-etl.secrets" -}}
{{- $given := merge (dict) (.own.secrets | default dict) .root.Values.secrets -}}
{{- $wanted := dict -}}
{{- $known := .root.Files.Get "files/settings.json" | fromJson -}}
{{- $context := . -}}
{{- range $name, $value := $given -}}
{{- $setting := index $known $name -}}
{{- if include "login-etl.isRead" (dict "setting" $setting "sections" $context.sections) -}}
{{- $secret := $value.existingSecret | default (printf "%s-%s" (include "login-etl.fullname" $context.root) ($context.secretsOf | default $context.component)) -}}
{{- $_ := set $wanted $name (dict "secret" $secret "key" ($value.key | default $name) "kind" $setting.kind "remoteRef" $value.remoteRef) -}}
{{- end -}}
{{- end -}}
{{ toJson $wanted }}
{{- end }}

{{- define "login-etl.isRead" -}}
{{- $sections := .sections -}}
{{- range .setting.sections }}{{ if has . $sections }}yes{{ end }}{{ end -}}
{{- end }}

{{/* The environment of a container: settings, and where the secrets are mounted. */}}
{{- define "login-etl.environment" -}}
{{- range $name, $value := include "login-etl.settings" . | fromJson }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- range $name, $secret := include "login-etl.secrets" . | fromJson }}
{{- if eq $secret.kind "environment" }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: {name: {{ $secret.secret | quote }}, key: {{ $secret.key | quote }}}
{{- else }}
- name: {{ $name }}{{ if eq $secret.kind "secret" }}_FILE{{ end }}
  value: /secrets/{{ $name }}
{{- end }}
{{- end }}
{{- end }}

{{/* The sources of the volume /secrets: one file for each secret, named after its setting. */}}
{{- define "login-etl.secretSources" -}}
{{- range $name, $secret := include "login-etl.secrets" . | fromJson }}
{{- if ne $secret.kind "environment" }}
- secret:
    name: {{ $secret.secret | quote }}
    items: [{key: {{ $secret.key | quote }}, path: {{ $name }}}]
{{- end }}
{{- end }}
{{- end }}

{{/* The integer value of a setting of the worker. Context: {root, name, default}. */}}
{{- define "login-etl.workerSetting" -}}
{{ merge (dict) .root.Values.worker.settings .root.Values.settings | dig .name .default | int }}
{{- end }}

{{/* The masking keys only for an api that may look up plain values. */}}
{{- define "login-etl.apiSections" -}}
{{ .Values.api.lookups | ternary (list "postgres" "api" "masking" "aws") (list "postgres" "api") | toJson }}
{{- end }}

{{- define "login-etl.allSections" -}}
["aws", "sqs", "postgres", "temporal", "masking", "payloads", "vault", "worker"]
{{- end }}

{{/* Each of them has a database user of its own. Context: {component, own, why}. */}}
{{- define "login-etl.requireOwnUser" -}}
{{- $secrets := .own.secrets | default dict }}
{{- if not (or $secrets.DATABASE_URL $secrets.PGPASSWORD $secrets.PGSSLCERT) }}
{{- fail (printf "%s.secrets names no DATABASE_URL (nor PGPASSWORD or PGSSLCERT): the worker's user may not %s" .component .why) }}
{{- end }}
{{- end }}
