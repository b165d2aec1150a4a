from django.urls import path

from annotation.candidates.endpoints import api as endpoints
from annotation.candidates.generation import api as generation
from annotation.candidates.generation import order_api as orders

app_name = "candidates-api"
urlpatterns = [
    path(
        "projects/<slug:slug>/generations/",
        generation.GenerationsView.as_view(),
        name="generations",
    ),
    path(
        "projects/<slug:slug>/generations/estimate/",
        generation.EstimateView.as_view(),
        name="estimate",
    ),
    path(
        "projects/<slug:slug>/generation-orders/",
        orders.GenerationOrdersView.as_view(),
        name="orders",
    ),
    path(
        "projects/<slug:slug>/generation-orders/estimate/",
        orders.OrderEstimateView.as_view(),
        name="estimate-order",
    ),
    path(
        "generation-orders/<int:order_id>/",
        orders.GenerationOrderView.as_view(),
        name="order",
    ),
    path(
        "generation-orders/<int:order_id>/cancel/",
        orders.GenerationOrderCancelView.as_view(),
        name="cancel-order",
    ),
    path(
        "generation-orders/<int:order_id>/resume/",
        orders.GenerationOrderResumeView.as_view(),
        name="resume-order",
    ),
    path("generations/<int:run_id>/", generation.GenerationView.as_view(), name="generation"),
    path(
        "generations/<int:run_id>/cancel/",
        generation.GenerationCancelView.as_view(),
        name="cancel-generation",
    ),
    path(
        "generations/<int:run_id>/resume/",
        generation.GenerationResumeView.as_view(),
        name="resume-generation",
    ),
    path("projects/<slug:slug>/endpoints/", endpoints.EndpointsView.as_view(), name="endpoints"),
    path("endpoints/<int:endpoint_id>/", endpoints.EndpointView.as_view(), name="endpoint"),
    path(
        "endpoints/<int:endpoint_id>/key/",
        endpoints.EndpointKeyView.as_view(),
        name="endpoint-key",
    ),
    path(
        "endpoints/<int:endpoint_id>/try/",
        endpoints.EndpointTrialView.as_view(),
        name="try-endpoint",
    ),
]
