"""From a dataset folder to a trained model: the only room that imports torch and detectron2."""
