"""Every process knows every kind of job: the web queues them, the workers run them."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    name = "annotation.core"

    def ready(self):
        autodiscover_modules("tasks")
