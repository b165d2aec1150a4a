"""Settings. Safe by default: without CONCORD_HOSTS only this machine is served (the loopback
profile: plain HTTP on 127.0.0.1); with it the production profile holds and wants a secret key."""

from pathlib import Path

import environ

from annotation.core import sign_on
from annotation.core.addresses import Origins
from annotation.core.embedded import discover
from annotation.core.secrets import loopback_secret_key, secret_from_environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
HOSTS = env.list("CONCORD_HOSTS", default=[])
IS_LOOPBACK = not HOSTS
DEMO = env.bool("CONCORD_DEMO", default=False)
if DEMO and not IS_LOOPBACK:
    raise environ.ImproperlyConfigured(
        "CONCORD_DEMO signs people in with one click and serves this machine only: "
        "unset CONCORD_HOSTS or CONCORD_DEMO."
    )

DEBUG = False
ALLOWED_HOSTS = HOSTS or LOOPBACK
DATA_DIR = Path(env.str("CONCORD_DATA", default=str(BASE_DIR / "var" / "concord")))
# Where `python -m training.…` is started.
TRAINING_DIR = Path(env.str("CONCORD_TRAINING_DIR", default=str(BASE_DIR)))
# The operator's own tasks for the lm-evaluation-harness. Their YAML may name Python functions,
# which the train worker's process runs: nothing is ever written here from a page.
LM_EVAL_TASKS = env.str("CONCORD_LM_EVAL_TASKS", default="")
SECRET_KEY = secret_from_environment() or (loopback_secret_key(DATA_DIR) if IS_LOOPBACK else "")
SECRET_KEY_FALLBACKS = env.list("CONCORD_SECRET_KEY_FALLBACKS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "annotation.core",
    "annotation.accounts",
    "annotation.projects",
    "annotation.prompts",
    "annotation.candidates",
    "annotation.labeling",
    "annotation.quality",
    "annotation.oversight",
    "annotation.datasets",
    "annotation.runs",
    "annotation.privacy",
    "annotation.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Before WhiteNoise: without collected files it has no compressed ones to send.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "annotation.accounts.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "annotation.accounts.language.PersonsLanguageMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "annotation.accounts.middleware.SecondFactorMiddleware",
    "annotation.core.middleware.NotAllowedPageMiddleware",
]

ROOT_URLCONF = "annotation.urls"
WSGI_APPLICATION = "annotation.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader"],
                )
            ],
        },
    }
]

# PostgreSQL is the truth. Without DATABASE_URL the running demo's own server is used.
DATABASES = {
    "default": env.db_url_config(
        discover.database_url() or "postgresql://concord@/concord?host=/nonexistent"
    )
    | {
        "ENGINE": "annotation.core.postgresql",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
        "ATOMIC_REQUESTS": False,
    }
}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The broker is only a doorbell: it may be down, or lose everything.
REDIS_URL = discover.redis_url() or ""

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["annotation.accounts.sessions.SessionUsers"]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "labeling:home"
LOGOUT_REDIRECT_URL = "accounts:sign-in"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Signing in: docs/operations.md, decisions 1000 to 1004.
SECOND_FACTOR = sign_on.second_factor(env, is_demo=DEMO, is_loopback=IS_LOOPBACK)
# Where limits are counted. Nothing else is cached across requests.
CACHES = {"default": {"BACKEND": "annotation.accounts.limits.LimitCache"}}
# How many proxies before us add to X-Forwarded-For: who asks is told by the last of them.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("CONCORD_PROXIES", default=0 if IS_LOOPBACK else 1)
ACCOUNT_ADAPTER = "annotation.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]  # there is none; it asks anyway
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation proves an address, not a sign-up
ACCOUNT_CHANGE_EMAIL = True  # one address, and at most one that is to take its place
ACCOUNT_EMAIL_CONFIRMATION_AUTHENTICATED_REDIRECT_URL = "/security/address/"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_TIMEOUT = 10 * 60
PASSWORD_RESET_TIMEOUT = 3600
MFA_ADAPTER = "annotation.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Concord"
MFA_TOTP_TOLERANCE = 1  # a step before and after; which were used is kept in second_factor.py
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up by an address of somebody else
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
MFA_FORMS = {
    "authenticate": "annotation.accounts.sign_on_views.CodeForm",
    "reauthenticate": "annotation.accounts.sign_on_views.CodeAgainForm",
}
SOCIALACCOUNT_ADAPTER = "annotation.projects.invitations.sign_on.InvitedSignOn"
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = sign_on.single_sign_on(env)
vars().update(sign_on.mail(env, is_loopback=IS_LOOPBACK))

SESSION_ENGINE = "annotation.accounts.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "annotation.core.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if not IS_LOOPBACK:
    SECURE_SSL_REDIRECT = env.bool("CONCORD_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^health/$"]
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Where TLS ends one proxy further out, requests arrive as HTTP, and forms from https://.
    CSRF_TRUSTED_ORIGINS = [
        f"https://{'*' if h.startswith('.') else ''}{h}" for h in HOSTS if h != "*"
    ]
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        # A form that leads on to the provider of single sign-on ends there.
        "form-action": ["'self'", *sign_on.single_sign_on_origins(env)],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

# A draft may have 1.5 MB, and a form without script writes a character with up to nine.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 100
FILE_UPLOAD_PERMISSIONS = 0o600
IMPORT_MAX_BYTES = env.int("CONCORD_IMPORT_MAX_BYTES", default=200 * 1024 * 1024)
_MIB = 1024 * 1024
BENCHMARK_MAX_BYTES = env.int("CONCORD_BENCHMARK_MAX_BYTES", default=64 * _MIB)
ATTACHMENT_MAX_BYTES = {
    "image": 20 * _MIB,
    "audio": 50 * _MIB,
    "video": 200 * _MIB,
    "pdf": 50 * _MIB,
    "recording": 10 * _MIB,
}
RECORDINGS_OF_ONE_BYTES = 1024 * _MIB  # of one labeler in one project
# Of one project together.
ATTACHMENT_QUOTA_BYTES = env.int("CONCORD_ATTACHMENT_QUOTA_BYTES", default=10 * 1024 * _MIB)

# Groups of fewer labelers are not compared by what people say about themselves. What they agreed
# to names five, so it can only be raised.
FAIRNESS_K = env.int("CONCORD_FAIRNESS_K", default=5)
if FAIRNESS_K < 5:
    raise environ.ImproperlyConfigured(
        "CONCORD_FAIRNESS_K is the least size of a group: 5 or more."
    )

# What Concord may connect to by itself: core/egress.py.
EGRESS_ORIGINS = Origins(env.list("CONCORD_EGRESS_ORIGINS", default=[]))
SIGN_ON_ORIGINS = sign_on.reachable_origins(env)

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# With CONCORD_STATIC_ROOT files are collected, hashed and compressed there (images do that);
# without it they are served straight from the tree.
STATIC_ROOT = env.str("CONCORD_STATIC_ROOT", default="") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_ROOT
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
        # Not the mode of uploads: another account than the one that collects serves them.
        "OPTIONS": {"file_permissions_mode": 0o644},
    },
}

USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# The first one is the language of the sources; docs/translation.md says how to add another.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
FORMAT_MODULE_PATH = "annotation.formats"
LANGUAGE_COOKIE_NAME = "language"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotation.accounts.authentication.TokenAuthentication",
        "annotation.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["annotation.core.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "annotation.core.api.exception_handler",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Concord",
    "DESCRIPTION": "People judge model responses; the judgments become better models.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    # Three fields are called "kind", each with choices of its own.
    "ENUM_NAME_OVERRIDES": {
        "TrainingKindEnum": "annotation.runs.models.TrainingRun.Kind",
        "EvaluationKindEnum": "annotation.runs.models.evaluations.Evaluation.Kind",
        "ModelKindEnum": "annotation.runs.models.ModelVersion.Kind",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("CONCORD_LOG_LEVEL", default="INFO")},
}
