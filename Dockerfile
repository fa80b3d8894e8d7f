# The app. On a CPU, torch is the one without CUDA's libraries; for an NVIDIA GPU build with
# --build-arg TORCH_INDEX=https://pypi.org/simple, whose torch brings them along.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 \
    DIFFSMOOTH_STORE=sqlite:////data/store.sqlite DIFFSMOOTH_MODELS=/data/models \
    DIFFSMOOTH_DATASETS=/data/datasets DIFFSMOOTH_DATA=/data/pictures

WORKDIR /app
COPY requirements.txt .
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN pip install --extra-index-url $TORCH_INDEX -r requirements.txt
COPY . .
RUN useradd --create-home --uid 1000 diffsmooth && mkdir -p /data && chown diffsmooth /data
USER diffsmooth
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# Inside the container the server has to be reachable from outside it; allowedHosts still names who may ask.
CMD ["streamlit", "run", "app.py", "--server.address", "0.0.0.0"]
